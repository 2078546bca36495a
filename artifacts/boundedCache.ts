/** Remembers the results of an asynchronous load, at most `limit` of them; the oldest is forgotten first. */
export class BoundedCache<V> {
  private readonly entries = new Map<string, Promise<V>>();

  constructor(private readonly limit: number) {}

  get(key: string, load: () => Promise<V>): Promise<V> {
    const known = this.entries.get(key);
    if (known) return known;
    const loading = load();
    this.entries.set(key, loading);
    loading.catch(() => this.forget(key));
    const oldest = this.entries.keys().next().value;
    if (this.entries.size > this.limit && oldest !== undefined) this.entries.delete(oldest);
    return loading;
  }

  forget(key: string): void {
    this.entries.delete(key);
  }
}
