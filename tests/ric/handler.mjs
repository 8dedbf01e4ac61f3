// A function for the official Node.js runtime: does what the event says.
class OrderError extends Error {
    constructor(message) {
        super(message);
        this.name = "OrderError";
    }
}

let calls = 0;

export async function handler(event, context) {
    calls += 1;
    switch (event.do) {
    case "echo":
        return event;
    case "look":
        return {
            pid: process.pid, calls, requestId: context.awsRequestId, arn: context.invokedFunctionArn,
            remaining: context.getRemainingTimeInMillis(), trace: process.env._X_AMZN_TRACE_ID,
            variable: process.env.TEST_VARIABLE,
        };
    case "length":
        return { length: JSON.stringify(event).length };
    case "big":
        return "x".repeat(event.length);
    case "nothing":
        return undefined;
    case "print":
        console.log(event.text);
        return null;
    case "throw":
        throw new OrderError(event.text);
    case "reject":
        return Promise.reject("only a text");
    case "exit":
        process.exit(event.status);
    case "kill":
        process.kill(process.pid, event.signal);
        return new Promise(() => setTimeout(() => {}, 60000));
    case "hang":
        return new Promise(() => setTimeout(() => {}, 60000));
    }
    throw new TypeError("do what?");
}
