import { upstreamError, type Step } from './upstream-error.js';

/** Runs one step with the provider, and translates what goes wrong in it. */
export async function attempt<Result>(step: Step, action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    throw upstreamError(step, error);
  }
}
