// Loaded before the program in a child process: tells its parent what memory the process has taken, and what it holds
// on to in buffers, in bytes.
process.on('message', () => {
  globalThis.gc();
  process.send({
    peakBytes: process.resourceUsage().maxRSS * 1024,
    nowBytes: process.memoryUsage.rss(),
    buffersBytes: process.memoryUsage().arrayBuffers,
  });
});
