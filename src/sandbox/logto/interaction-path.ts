/** Where Logto sends a browser to sign in, by the parameters that it adds to OpenID Connect. */
export function interactionPath(params: Readonly<Record<string, unknown>>): string {
  const query = new URLSearchParams({ app_id: String(params['client_id']) });
  const { direct_sign_in: wanted } = params;
  const [method, target] = (typeof wanted === 'string' ? wanted : '').split(':');
  if (method === 'social' && target) {
    query.set('fallback', 'sign-in');
    return `/direct/social/${encodeURIComponent(target)}?${query.toString()}`;
  }
  return `${wantsToRegister(params) ? '/register' : '/sign-in'}?${query.toString()}`;
}

const wantsToRegister = (params: Readonly<Record<string, unknown>>): boolean =>
  params['first_screen'] === 'register' || params['interaction_mode'] === 'signUp';
