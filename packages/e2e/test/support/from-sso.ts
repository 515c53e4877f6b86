/**
 * A program that asks `@aws-sdk/token-providers` for the token of the profile `e2e`, and prints what it got as JSON. In
 * a process of its own: the provider reads its home from the environment, and keeps for itself when it last refreshed.
 *
 * With an argument, that is the endpoint; else the environment says it.
 */
import { fromSso } from "@aws-sdk/token-providers"

const [, , endpoint] = process.argv
const provide = fromSso({
  profile: "e2e",
  clientConfig: { maxAttempts: 1, ...(endpoint === undefined ? {} : { endpoint }) }
})

try {
  const { expiration, token } = await provide()
  console.log(JSON.stringify({ token, expiration }))
} catch (error) {
  console.log(JSON.stringify(error instanceof Error ? { name: error.name, message: error.message } : { error }))
}
