/** Counts what the providers were asked, by method, path and grant type. */
export class RequestCounter {
  private readonly counts = new Map<string, number>();

  count(method: string, path: string, grantType?: string): void {
    const key = [method, withoutIds(path), grantType].filter(Boolean).join(' ');
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }

  all(): Record<string, number> {
    return Object.fromEntries(this.counts);
  }

  clear(): void {
    this.counts.clear();
  }
}

/** Logto resumes an authorization at a path of its own for each. */
const withoutIds = (path: string): string => path.replace(/^\/oidc\/auth\/[^/]+$/, '/oidc/auth/:id');
