import { Controller, type Type } from '@nestjs/common';

/** The controller at a path of the application's choice; everything else about it is inherited. */
export function mount(path: string, controller: Type): Type {
  const mounted = { [controller.name]: class extends controller {} }[controller.name] as Type;
  Controller(path)(mounted);
  return mounted;
}
