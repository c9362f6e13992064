/** What the protocol itself refuses, for a lane to put into its SDK's error. */
export class ProtocolProblem extends Error {
  readonly kind: "invalid_params" | "resource_not_found";
  readonly uri: string | undefined;

  constructor(kind: "invalid_params" | "resource_not_found", message: string, uri?: string) {
    super(message);
    this.kind = kind;
    this.uri = uri;
  }
}

/** @returns a runner of the catalogue's methods that says what they refuse in the words of one generation. */
export const translatingProblems =
  (toError: (problem: ProtocolProblem) => Error) =>
  async <T>(method: () => T | Promise<T>): Promise<T> => {
    try {
      return await method();
    } catch (problem) {
      throw problem instanceof ProtocolProblem ? toError(problem) : problem;
    }
  };
