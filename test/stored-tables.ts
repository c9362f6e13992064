/** @returns every row of every table of an object, by table; the runtime's own tables are left out. */
export function tablesOf(storage: DurableObjectStorage): Record<string, Record<string, SqlStorageValue>[]> {
  const tables = storage.sql
    .exec<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
    )
    .toArray();
  return Object.fromEntries(
    tables.map(({ name }) => [name, storage.sql.exec(`SELECT * FROM "${name}"`).toArray()]),
  );
}
