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

const levels: Readonly<Record<ChannelLevel, LogLevel | 'off'>> = {
  [ChannelLevel.Off]: 'off',
  [ChannelLevel.Trace]: 'debug',
  [ChannelLevel.Debug]: 'debug',
  [ChannelLevel.Info]: 'info',
  [ChannelLevel.Warning]: 'warn',
  [ChannelLevel.Error]: 'error',
};

/** The channel's present level. */
export function shownLevel({ logLevel }: LogOutputChannel): LogLevel | 'off' {
  return levels[logLevel];
}
