/**
 * The official client's partitions. They are data of `@aws-sdk/core` that no entry point exports. So this module reads them
 * from its files, and finds these as the official client does.
 */
import * as Schema from "effect/Schema"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { pathToFileURL } from "node:url"

const Partition = Schema.Struct({
  id: Schema.String,
  outputs: Schema.Struct({
    name: Schema.String,
    dnsSuffix: Schema.String,
    dualStackDnsSuffix: Schema.String,
    implicitGlobalRegion: Schema.String,
    supportsDualStack: Schema.Boolean,
    supportsFIPS: Schema.Boolean
  }),
  regionRegex: Schema.String,
  regions: Schema.Record(Schema.String, Schema.Unknown)
})

const Module = Schema.Struct({ partitionsInfo: Schema.Struct({ partitions: Schema.Array(Partition) }) })

const sdk = createRequire(createRequire(import.meta.url).resolve("@aws-sdk/client-sso-oidc"))

const file = join(
  dirname(sdk.resolve("@aws-sdk/core/package.json")),
  "dist-es/submodules/client/util-endpoints/lib/aws/partitions.js"
)

export const partitions = Schema.decodeUnknownSync(Module)(await import(pathToFileURL(file).href)).partitionsInfo
  .partitions

/** Every region that the official client knows, with its partition. */
export const regions: ReadonlyArray<{ readonly region: string; readonly partition: string }> = partitions.flatMap((
  partition
) => Object.keys(partition.regions).map((region) => ({ region, partition: partition.id })))
