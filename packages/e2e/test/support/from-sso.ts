/**
 * A program that gets the token of the profile `e2e` from `@aws-sdk/token-providers`, and prints the result as JSON.
 *
 * It runs in its own process. The provider reads its home from the environment, and remembers when it last refreshed. An
 * argument is the endpoint. Without an argument, the environment has it.
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
