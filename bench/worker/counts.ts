/** What one Worker and the object of its one account have used since they started, in Cloudflare's units. */
export interface Counts {
  workerRequests: number;
  /** RPC sessions of the object, and requests to it: among them those that open a stream. */
  calls: number;
  alarms: number;
  /** Sockets that were closed are among them, to be on the safe side. */
  socketMessages: number;
  rowsRead: number;
  /** Rows of indexes too, which SQLite counts as Cloudflare does, and every time that an alarm was set. */
  rowsWritten: number;
  /** How long the object was busy with anything, however much at once. */
  busyMs: number;
  storedBytes: number;
}

/** All objects of a Worker run in one isolate here, so that they share this. */
export const counts: Counts = {
  workerRequests: 0,
  calls: 0,
  alarms: 0,
  socketMessages: 0,
  rowsRead: 0,
  rowsWritten: 0,
  busyMs: 0,
  storedBytes: 0,
};

let busyWith = 0;
let busySinceMs = 0;

/** Counts the time until it is disposed of. */
export function inObject(): Disposable {
  if (busyWith === 0) busySinceMs = Date.now();
  busyWith += 1;
  return {
    [Symbol.dispose]() {
      busyWith -= 1;
      if (busyWith === 0) counts.busyMs += Date.now() - busySinceMs;
    },
  };
}

/** A cursor knows how many rows it took only when it was read to its end, which nobody tells. */
const cursors = new Set<{ rowsRead: number; rowsWritten: number }>();

/** Adds up what cursors have taken: called when whoever read them is done. */
export function flushRows(): void {
  for (const { rowsRead, rowsWritten } of cursors) {
    counts.rowsRead += rowsRead;
    counts.rowsWritten += rowsWritten;
  }
  cursors.clear();
}

let isCounting = false;

/** Counts the rows of every object in this isolate: what they call is on prototypes that they share. */
export function countStorage(storage: DurableObjectStorage): void {
  if (isCounting) return;
  isCounting = true;
  after(storage.sql, "exec", (cursor) => {
    if (isCursor(cursor)) cursors.add(cursor);
  });
  const rowWritten = () => {
    counts.rowsWritten += 1;
  };
  const rowRead = () => {
    counts.rowsRead += 1;
  };
  // Nothing of ours calls these with more than one key.
  for (const store of [storage, storage.kv]) {
    for (const name of ["put", "delete"]) after(store, name, rowWritten);
    for (const name of ["get", "list"]) after(store, name, rowRead);
  }
  after(storage, "setAlarm", rowWritten);
}

/** Puts a method in the place of one that a class of the runtime has, which does the same and then tells. */
function after(instance: object, name: string, tell: (result: unknown) => void): void {
  const prototype: object = Object.getPrototypeOf(instance);
  const original: unknown = Reflect.get(prototype, name);
  if (typeof original !== "function") throw new Error(`the runtime has no ${name}`);
  Reflect.set(prototype, name, function told(this: unknown, ...args: unknown[]): unknown {
    const result: unknown = Reflect.apply(original, this, args);
    tell(result);
    return result;
  });
}

const isCursor = (value: unknown): value is { rowsRead: number; rowsWritten: number } =>
  typeof value === "object" && value !== null && "rowsRead" in value && "rowsWritten" in value;
