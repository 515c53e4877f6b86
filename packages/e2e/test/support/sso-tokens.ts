/**
 * A program that gets tokens of profiles from `@aws-sdk/token-providers`.
 *
 * It runs in its own process, because the provider reads its home from the environment. Each line of stdin is a JSON object with the
 * profile and the endpoint. Without an endpoint, the environment has it. For each it prints a line of JSON.
 */
import { fromSso } from "@aws-sdk/token-providers"
import { createInterface } from "node:readline"

interface Call {
  readonly profile: string
  readonly endpoint?: string
}

const tokenOf = async ({ endpoint, profile }: Call) => {
  try {
    const clientConfig = { maxAttempts: 1, ...(endpoint === undefined ? {} : { endpoint }) }
    const { expiration, token } = await fromSso({ profile, clientConfig })()
    return { token, expiration }
  } catch (error) {
    return error instanceof Error ? { name: error.name, message: error.message } : { error }
  }
}

console.log("ready")
for await (const line of createInterface({ input: process.stdin })) {
  const call: Call = JSON.parse(line)
  console.log(JSON.stringify(await tokenOf(call)))
}
