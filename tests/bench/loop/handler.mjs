// For aws-lambda-ric: an event of JSON, and nothing done with it.
export async function noop() {
    return { batchItemFailures: [] };
}
