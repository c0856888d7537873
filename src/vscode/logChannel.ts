// The log in VS Code's Output view, with the channel's level.
import { LogLevel as ChannelLevel, type LogOutputChannel } from 'vscode';
import { isAtLeast, TextLog, type Log, type LogLevel } from '../base/log';

/** Writes redacted lines to the channel if its level allows them. */
export function channelLog(channel: LogOutputChannel): Log {
  return new TextLog(
    (level, line) => channel[level](line),
    (level) => {
      const shown = shownLevel(channel);
      return shown !== 'off' && isAtLeast(level, shown);
    },
  );
}

/** The channel's present level. */
export function shownLevel({ logLevel }: LogOutputChannel): LogLevel | 'off' {
  switch (logLevel) {
    case ChannelLevel.Off:
      return 'off';
    case ChannelLevel.Trace:
    case ChannelLevel.Debug:
      return 'debug';
    case ChannelLevel.Info:
      return 'info';
    case ChannelLevel.Warning:
      return 'warn';
    case ChannelLevel.Error:
      return 'error';
  }
}
