/**
 * Prints the credentials that the AWS SDK for JavaScript finds by itself, from the files and variables of this process, or its error.
 */
import { S3Client } from "@aws-sdk/client-s3"

const client = new S3Client({ region: "eu-west-1" })
const found = await client.config.credentials().then(
  ({ accessKeyId, expiration, secretAccessKey, sessionToken }) => ({
    accessKeyId,
    secretAccessKey,
    sessionToken,
    expiration: expiration?.getTime()
  }),
  (error: unknown) => error instanceof Error ? { name: error.name, message: error.message } : { message: String(error) }
)
console.log(JSON.stringify(found))
