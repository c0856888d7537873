// The log in VS Code's Output view, with the channel's level.
import { LogLevel as ChannelLevel, type LogOutputChannel } from 'vscode';
import { TextLog, type Log, type LogLevel } from '../base/log';

const levels: Readonly<Record<LogLevel, ChannelLevel>> = {
  debug: ChannelLevel.Debug,
  info: ChannelLevel.Info,
  warn: ChannelLevel.Warning,
  error: ChannelLevel.Error,
};

/** Writes redacted lines to the channel if its level allows them. */
export function channelLog(channel: LogOutputChannel): Log {
  return new TextLog(
    (level, line) => channel[level](line),
    (level) => channel.logLevel !== ChannelLevel.Off && channel.logLevel <= levels[level],
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
