/** What a provider's answer says. Text that is no JSON is `undefined`. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
