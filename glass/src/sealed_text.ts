// What somebody typed while the vault was away: kept in the page's database, sealed with a key that no script can read
// out, until the vault has it. Closing the page loses neither; taking the disk away gives nobody the text unless the
// browser's own profile goes with it.

export interface Kept {
  place: string; // whose it is about
  text: string;
  document?: string; // that it is written to
}

interface Row {
  place: string;
  document?: string;
  at?: number; // when it was kept, by this machine's clock
  nonce: Uint8Array<ArrayBuffer>;
  sealed: ArrayBuffer;
}

const database = "madoguchi-glass";
const keptForMs = 7 * 24 * 3_600_000; // then nobody comes back for it

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the page's database failed"));
  });
}

export class SealedTexts {
  private constructor(
    private readonly rows: IDBDatabase,
    private readonly key: CryptoKey,
  ) {}

  static async open(): Promise<SealedTexts> {
    const request = indexedDB.open(database, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("texts", { keyPath: "place" });
      request.result.createObjectStore("keys");
    };
    const rows = await done(request);
    const known = (await done(rows.transaction("keys").objectStore("keys").get("key"))) as CryptoKey | undefined;
    if (known) return new SealedTexts(rows, known);
    const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    await done(rows.transaction("keys", "readwrite").objectStore("keys").put(key, "key"));
    return new SealedTexts(rows, key);
  }

  async keep({ place, text, document }: Kept): Promise<void> {
    const nonce = crypto.getRandomValues(new Uint8Array(12));
    const sealed = await crypto.subtle.encrypt(this.algorithm(nonce, place), this.key, new TextEncoder().encode(text));
    const row: Row = { place, nonce, sealed, at: Date.now(), ...(document === undefined ? {} : { document }) };
    await done(this.rows.transaction("texts", "readwrite").objectStore("texts").put(row));
  }

  async drop(place: string): Promise<void> {
    await done(this.rows.transaction("texts", "readwrite").objectStore("texts").delete(place));
  }

  async all(): Promise<Kept[]> {
    const rows = (await done(this.rows.transaction("texts").objectStore("texts").getAll())) as Row[];
    const old = rows.filter((row) => (row.at ?? 0) + keptForMs < Date.now());
    await Promise.all(old.map((row) => this.drop(row.place)));
    return Promise.all(
      rows.filter((row) => !old.includes(row)).map(async ({ place, nonce, sealed, document }) => ({
        place,
        ...(document === undefined ? {} : { document }),
        text: new TextDecoder().decode(await crypto.subtle.decrypt(this.algorithm(nonce, place), this.key, sealed)),
      })),
    );
  }

  // Bound to its place: a text cannot be moved to another person.
  private algorithm(nonce: Uint8Array<ArrayBuffer>, place: string): AesGcmParams {
    return { name: "AES-GCM", iv: nonce, additionalData: new TextEncoder().encode(place) };
  }
}
