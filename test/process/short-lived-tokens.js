/**
 * Loaded into the backend's process before it starts: Google's tokens are said to end at once, so that every read has
 * to refresh. The tokens themselves are the provider's own and stay valid.
 */
const { fetch, Response } = globalThis;

globalThis.fetch = async (url, init) => {
  const answer = await fetch(url, init);
  if (!answer.ok || !String(url).endsWith('/google/token')) return answer;
  return Response.json({ ...(await answer.json()), expires_in: 0 });
};
