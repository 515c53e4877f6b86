/**
 * The store of a herd that shares a Redis.
 */
import * as NodeRedis from "@effect/platform-node/NodeRedis"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import * as Layer from "effect/Layer"
import type { Parts } from "./member.ts"

/** The store in the Redis at a URL. */
export const redis: Parts["store"] = ({ place, prefix }) =>
  TokenStore.layerRedis({ prefix }).pipe(Layer.provide(NodeRedis.layer({ url: place })))
