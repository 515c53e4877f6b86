import { describe, it } from "@effect/vitest"
import * as LoginStore from "@sso-oidc/durable/LoginStore"
import { keeps } from "./support/stores.ts"

describe("LoginStore.layerMemory", () => {
  it.live("keeps the contract of a store of logins (W1, W3, W6, W9)", () =>
    keeps({ store: LoginStore.layerMemory, shared: false }))
})
