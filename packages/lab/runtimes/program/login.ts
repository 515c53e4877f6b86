/** The start URL of every login of the runs. A relay must know it too. */
export const startUrl = "https://runtimes.awsapps.com/start"
