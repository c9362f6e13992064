import type { Variables } from "../../src/config/variables.ts";

let variables: Variables = {};

/** The variables of the objects that are made from here on. */
export function deploy(changed: Variables): void {
  variables = changed;
}

export const deployed = (): Variables => variables;
