import { randomUUID } from 'node:crypto';
import { ApiError } from '../apiError';
import type { Call } from './http';

interface StoredFile {
  key: string;
  description: {
    id: string;
    object: 'file';
    bytes: number;
    created_at: number;
    filename: string;
    purpose: string;
  };
  content: Buffer;
}

/** Files of all keys; each key sees its own alone. */
export class Files {
  private readonly files = new Map<string, StoredFile>();

  constructor(private readonly now: () => number) {}

  /** Takes an upload (multipart/form-data). Errors: ApiError 400. */
  async upload({ key, headers, body }: Call): Promise<object> {
    const form = await new Response(new Uint8Array(body), {
      headers: { 'content-type': headers['content-type'] ?? '' },
    })
      .formData()
      .catch(() => undefined);
    const [file, purpose] = [form?.get('file'), form?.get('purpose')];
    if (!(file instanceof File) || typeof purpose !== 'string')
      throw new ApiError(400, 'invalid_value', 'file and purpose: expected in a multipart form', 'file');
    return this.add(key, purpose, file.name, Buffer.from(await file.arrayBuffer()));
  }

  add(key: string, purpose: string, filename: string, content: Buffer): StoredFile['description'] {
    const id = `file-${randomUUID()}`;
    const created_at = Math.floor(this.now() / 1000);
    const description = { id, object: 'file' as const, bytes: content.length, created_at, filename, purpose };
    this.files.set(id, { key, description, content });
    return description;
  }

  /** Puts other content in a file's place. */
  rewrite(id: string, content: Buffer): void {
    const file = this.files.get(id);
    if (file) Object.assign(file, { content, description: { ...file.description, bytes: content.length } });
  }

  /** Errors: ApiError 404. */
  find(key: string, id: string): StoredFile {
    const file = this.files.get(id);
    if (file?.key === key) return file;
    throw new ApiError(404, 'not_found', `No such File object: ${id}`, 'id');
  }

  /** Errors: ApiError 404. */
  remove(key: string, id: string): object {
    this.find(key, id);
    this.files.delete(id);
    return { id, object: 'file', deleted: true };
  }
}
