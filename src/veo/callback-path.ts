/** Where the upstream rings; what follows is sealed (`agent/callback-address.ts`). */
export const CALLBACK_PATH = "/callbacks/";
