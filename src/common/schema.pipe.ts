import { Injectable, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import { LatchkeyError } from './errors.js';

/**
 * Holds a body, query or parameter against the schema of its decorator (`@Body({ schema })`). Rejects with
 * `guard.invalid_input`, which says where and repeats no value.
 */
@Injectable()
export class SchemaPipe implements PipeTransform {
  async transform(value: unknown, { schema }: ArgumentMetadata): Promise<unknown> {
    if (!schema) return value;
    const result = await schema['~standard'].validate(value);
    if (!result.issues) return result.value;
    const issues = result.issues.map(({ message, path = [] }) => ({ path: path.map(nameOf), message }));
    throw new LatchkeyError('guard.invalid_input', 'The request is not of the form that is expected here.', {
      data: { issues },
    });
  }
}

const nameOf = (part: PropertyKey | { readonly key: PropertyKey }): string =>
  String(typeof part === 'object' ? part.key : part);
