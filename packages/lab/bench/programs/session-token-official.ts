/**
 * The same as `session-token.ts`, with the provider of the AWS SDK.
 */
import { fromSso } from "@aws-sdk/token-providers"

const times = Number(process.argv[2])

const get = fromSso({ profile: "bench" })
const { token } = await get()
if (token === "") throw new Error("the token is empty")
for (let n = 0; n < times; n++) await get()
const before = process.cpuUsage()
for (let n = 0; n < times; n++) await get()
const { system, user } = process.cpuUsage(before)
console.log(times === 0 ? 0 : (system + user) / times)
