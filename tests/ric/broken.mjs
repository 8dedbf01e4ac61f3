// A function whose module throws while it is loaded.
throw new RangeError("no table to write to: café");
