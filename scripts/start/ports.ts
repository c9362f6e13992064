import { createServer } from "node:net";

/** Throws an error that is fit to print when a port of this machine is taken. */
export async function assertFree(port: number, flag: string, host = "127.0.0.1"): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(listenError(error, port, flag)));
    server.listen(port, host, () => server.close(() => resolve()));
  });
}

function listenError(error: Error, port: number, flag: string): Error {
  const code = "code" in error ? error.code : undefined;
  const instead = `choose another port: npm start -- ${flag} ${port < 60_000 ? port + 1000 : port - 1000}`;
  if (code === "EADDRINUSE")
    return new Error(
      `Port ${port} is in use, perhaps by another npm start. Stop what listens there, or ${instead}`,
    );
  if (code === "EACCES") return new Error(`Port ${port} may not be used by you; ${instead}`);
  return error;
}
