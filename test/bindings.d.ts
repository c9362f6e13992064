import type { AuthBindings } from "../src/auth/bindings.ts";

declare global {
  namespace Cloudflare {
    interface Env extends AuthBindings {}
    interface GlobalProps {
      mainModule: typeof import("../src/index.ts");
    }
  }
}
