import { Zip, ZipDeflate } from 'fflate';

/** A zip's entries carry this time, so that the same content has the same bytes. fflate writes it in local time. */
const WRITTEN = new Date(1980, 0, 1);
const LEVEL = 6;

/** A zip file that is written entry by entry. */
export class ZipFile {
  private readonly pieces: Uint8Array[] = [];
  private readonly zip = new Zip((error, piece) => {
    if (error) throw error;
    this.pieces.push(piece);
  });

  /** @param sink gets the bytes in their order */
  constructor(private readonly sink: (bytes: Uint8Array) => Promise<void>) {}

  async add(name: string, text: string): Promise<void> {
    const entry = new ZipDeflate(name, { level: LEVEL });
    entry.mtime = WRITTEN;
    this.zip.add(entry);
    entry.push(Buffer.from(text), true);
    await this.flush();
  }

  async close(): Promise<void> {
    this.zip.end();
    await this.flush();
  }

  private async flush(): Promise<void> {
    for (const piece of this.pieces.splice(0)) await this.sink(piece);
  }
}
