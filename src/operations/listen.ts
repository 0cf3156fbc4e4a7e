import { ConfigurationError } from '../config/configuration.error.js';

/** Which variable is at fault when an address cannot be listened on. */
export interface AddressVariables {
  readonly port: string;
  readonly host?: string;
}

/** Listens, or rejects with a {@link ConfigurationError} that names the variable. */
export async function listening<Result>(
  listen: () => Promise<Result>,
  { port, host = port }: AddressVariables,
): Promise<Result> {
  try {
    return await listen();
  } catch (error) {
    const { code = '' } = error as { code?: string };
    if (['EADDRINUSE', 'EACCES'].includes(code))
      throw new ConfigurationError(`${port}: the port cannot be listened on (${code})`);
    if (['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN'].includes(code))
      throw new ConfigurationError(`${host}: not an address of this machine (${code})`);
    throw error;
  }
}
