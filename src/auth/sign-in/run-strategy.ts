import type { Strategy } from 'passport';

export type Outcome<User> =
  | { readonly kind: 'success'; readonly user: User }
  | { readonly kind: 'redirect'; readonly url: string; readonly status: number };

/**
 * Runs a strategy of Nest's container on a request, as passport's middleware would, and returns what it decided.
 * Passport's own middleware finds strategies in a registry of the whole process, where the last application wins,
 * and writes redirects to an Express response. Rejects with what the strategy reports as error or failure.
 */
export function runStrategy<User>(
  strategy: Strategy,
  request: object,
  options: object,
): Promise<Outcome<User>> {
  return new Promise((resolve, reject) => {
    const forThisRequest = Object.assign(Object.create(strategy) as Pick<Strategy, 'authenticate'>, {
      success: (user: User) => resolve({ kind: 'success', user }),
      redirect: (url: string, status = 302) => resolve({ kind: 'redirect', url, status }),
      fail: (challenge: unknown) =>
        reject(
          challenge instanceof Error ? challenge : new Error('the strategy refused', { cause: challenge }),
        ),
      error: reject,
      pass: () => reject(new Error('the strategy has nothing to say to this request')),
    });
    forThisRequest.authenticate.call(forThisRequest as never, request as never, options);
  });
}
