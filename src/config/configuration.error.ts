/** A setting that the backend cannot start with. The message names the variable and never repeats its value. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}
