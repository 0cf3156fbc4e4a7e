import type { Binding } from './sealer.js';

type BindingOf = (row: never) => Binding;

const bindings = new Map<unknown, BindingOf>();

/**
 * Says of an entity with sealed columns what a row's sealed value belongs to: the binding that it was sealed with,
 * made of the row's own columns. By it the rows of the table can be opened and resealed without knowing what they are.
 */
export const SealedFor =
  <Row>(bindingOf: (row: Row) => Binding) =>
  (entity: new () => NoInfer<Row>): void =>
    void bindings.set(entity, bindingOf);

/** What {@link SealedFor} has said of the entity. */
export function bindingOf<Row>(entity: unknown, row: Row): Binding {
  const binding = bindings.get(entity);
  if (binding) return binding(row as never);
  throw new Error(`the entity ${String((entity as { name?: unknown }).name)} needs @SealedFor`);
}
