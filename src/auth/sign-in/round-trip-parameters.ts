import { LatchkeyError } from '../../common/errors.js';
import { splitScope } from '../../connectors/token-set.js';

/** Scopes in the form of RFC 6749 3.3. Throws `auth.parameter_invalid`. */
export function scopeOf(query: URLSearchParams): string[] {
  const text = query.get('scope') ?? '';
  if (text.length <= 2000 && /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/.test(text)) return splitScope(text);
  throw new LatchkeyError('auth.parameter_invalid', 'Not a list of scopes.');
}
