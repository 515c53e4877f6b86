/**
 * A program without Effect that gets credentials for the profile `dev`, and prints their access key. It ends by itself.
 */
import * as Node from "sso-oidc/node"

const credentials = Node.credentials({ profile: "dev" })

const { accessKeyId } = await credentials()

process.stdout.write(`${accessKeyId}\n`)
