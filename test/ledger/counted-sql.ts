/** @returns the storage as it is, which counts how many rows are read. */
export function countedSql(sql: SqlStorage): { sql: SqlStorage; rowsRead(): number } {
  const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
  const exec = (query: string, ...bindings: unknown[]) => {
    const cursor = sql.exec(query, ...bindings);
    cursors.push(cursor);
    return cursor;
  };
  return {
    sql: new Proxy(sql, {
      get: (target, property): unknown => (property === "exec" ? exec : Reflect.get(target, property)),
    }),
    rowsRead: () => cursors.reduce((sum, cursor) => sum + cursor.rowsRead, 0),
  };
}
