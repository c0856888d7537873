// Provides Keywheel's models to VS Code's model picker, for chat and for extensions that use the language model API.
import * as vscode from 'vscode';
import {
  CancellationError,
  EventEmitter,
  l10n,
  LanguageModelChatToolMode,
  LanguageModelError,
  LanguageModelTextPart,
  LanguageModelToolCallPart,
  workspace,
  type LanguageModelChatInformation,
  type LanguageModelChatProvider,
  type LanguageModelChatRequestMessage,
  type LanguageModelResponsePart,
  type Progress,
} from 'vscode';
import { AnswerReader, type AnswerPart, type AnswerPorts } from '../../chat/answerReader';
import { ChatError, sendChat, type ChatRequest } from '../../chat/chatRequest';
import { estimatedTokens, requestBody } from '../../chat/conversion';
import { offeredModels } from '../../chat/offeredModels';
import { ReasoningMemory, type ReasoningDetail } from '../../chat/reasoning';
import { Pace, wait } from '../../base/clock';
import { DisposableStore, type Disposable } from '../../base/disposable';
import { chatErrorText, modelDetail, modelTooltip } from '../../words/chatText';
import { notRunningText } from '../../words/stateWords';
import { runningEndpoint } from '../clients/endpoint';
import { textContextOf } from '../messages';
import type { WindowPorts } from '../ports';

/** Least time between change events, because VS Code requests the whole list after each. */
const compareEveryMs = 5_000;
const renewEveryMs = 60 * 60_000;
const longestMoveMs = 10_000;
const lookEveryMs = 100;

/** Whether the user wants no AI features; extensions can still request models. */
export function isChatOff(): boolean {
  return workspace.getConfiguration('chat').get('disableAIFeatures') === true;
}

export class ChatProvider implements LanguageModelChatProvider, Disposable {
  private readonly owned = new DisposableStore();
  private readonly changed = this.owned.add(new EventEmitter<void>());
  readonly onDidChangeLanguageModelChatInformation = this.changed.event;
  private readonly pace: Pace;
  private readonly hourly: Pace;
  /** The list that VS Code received last, as JSON. Its picker requests the first one only after a change event. */
  private given = '[]';
  private readonly skipped = new Set<string>();
  private readonly reasoning = new ReasoningMemory();

  constructor(
    private readonly ports: WindowPorts,
    /** Asks the user for the first key, else for further models. Resolves when the user has finished or cancelled. */
    private readonly askForMore: () => Promise<void>,
  ) {
    const { clock, state, settings } = ports;
    this.pace = this.owned.add(new Pace(clock, compareEveryMs, () => void this.compare()));
    this.hourly = this.owned.add(new Pace(clock, renewEveryMs, () => this.pace.touch()));
    this.owned.add(state.onDidChange(() => this.touch()));
    this.owned.add(settings.onDidChange(() => this.touch()));
  }

  dispose(): void {
    this.owned.dispose();
  }

  /** Called when the list may have changed: compares it soon, and fires the change event if it differs. */
  private touch(): void {
    if (this.given !== '[]' || !isChatOff()) this.pace.touch();
  }

  async provideLanguageModelChatInformation({
    silent,
  }: {
    readonly silent: boolean;
  }): Promise<LanguageModelChatInformation[]> {
    if (!silent) await this.askForMore();
    const list = await this.list();
    this.given = JSON.stringify(list);
    this.hourly.touch();
    return list;
  }

  async provideLanguageModelChatResponse(
    ...[{ id }, messages, options, progress, token]: Parameters<
      LanguageModelChatProvider['provideLanguageModelChatResponse']
    >
  ): Promise<void> {
    const onSkipped = (kind: string): void => this.noteSkipped(kind);
    const cancelled = new AbortController();
    const leave = token.onCancellationRequested(() => cancelled.abort());
    if (token.isCancellationRequested) cancelled.abort();
    try {
      const { tools = [], toolMode, modelOptions = {} } = options;
      const mustCall = toolMode === LanguageModelChatToolMode.Required;
      const thoughtBefore = (callId: string): readonly ReasoningDetail[] => this.reasoning.of(id, callId);
      const question = { model: id, messages, tools, mustCall, modelOptions, thoughtBefore };
      const body = requestBody(question, onSkipped);
      const onPart = (part: AnswerPart): void => this.report(part, progress);
      const isLimited = 'max_tokens' in body || 'max_completion_tokens' in body;
      const onThought: AnswerPorts['onThought'] = (...thought) => this.reasoning.keep(id, ...thought);
      const reader = new AnswerReader({ onPart, onThought, onSkipped, isLimited });
      await this.send({ body, signal: cancelled.signal, onText: (text) => reader.take(text) });
      reader.end();
    } catch (error: unknown) {
      if (cancelled.signal.aborted) throw new CancellationError();
      throw this.chatError(error);
    } finally {
      leave.dispose();
    }
  }

  /** While the proxy moves to another window, the request waits for it, because VS Code does not send it again. */
  private async send(request: Omit<ChatRequest, 'endpoint'>): Promise<void> {
    const { clock, service } = this.ports;
    const untilMs = clock.elapsedMs() + longestMoveMs;
    for (;;) {
      const { proxy } = service.snapshot();
      const endpoint = runningEndpoint(this.ports);
      const mayWait = clock.elapsedMs() < untilMs;
      if (endpoint === null && (!mayWait || proxy.kind !== 'starting'))
        throw new LanguageModelError(notRunningText(proxy, l10n.t));
      try {
        if (endpoint !== null) {
          await sendChat({ ...request, endpoint });
          return;
        }
      } catch (error: unknown) {
        if (!mayWait || !(error instanceof ChatError && error.isUnsent)) throw error;
      }
      await wait(clock, lookEveryMs, request.signal);
    }
  }

  provideTokenCount(
    _: LanguageModelChatInformation,
    text: string | LanguageModelChatRequestMessage,
  ): Promise<number> {
    return Promise.resolve(estimatedTokens(text));
  }

  private async list(): Promise<LanguageModelChatInformation[]> {
    const { service, models, settings } = this.ports;
    // Without a key no model can be used, so the picker gets none.
    if (service.snapshot().wheel.keys === 0) return [];
    const listed = await models();
    const snapshot = service.snapshot();
    const { busyModels, wheel } = snapshot;
    const textContext = textContextOf(snapshot);
    return offeredModels(listed, settings.values['chat.models'], busyModels).map((model) => ({
      id: model.id,
      name: model.name,
      family: model.family,
      version: model.version,
      detail: modelDetail(model, wheel, textContext),
      tooltip: modelTooltip(model, wheel, textContext),
      maxInputTokens: model.maxInputTokens,
      maxOutputTokens: model.maxOutputTokens,
      capabilities: { imageInput: model.images && dataPartClass() !== null, toolCalling: model.tools },
    }));
  }

  /** Fires the change event only if the list differs. */
  private async compare(): Promise<void> {
    if (JSON.stringify(await this.list()) !== this.given) this.changed.fire();
  }

  private report(part: AnswerPart, progress: Progress<LanguageModelResponsePart>): void {
    switch (part.kind) {
      case 'text':
        progress.report(new LanguageModelTextPart(part.text));
        return;
      case 'call':
        progress.report(new LanguageModelToolCallPart(part.callId, part.name, part.input));
        return;
      case 'image': {
        const image = dataPartClass()?.image(part.data, part.mimeType);
        if (image === undefined) this.noteSkipped('an image in an answer');
        else progress.report(image);
      }
    }
  }

  /** Logs each kind once, because agents send the same kinds with every request. */
  private noteSkipped(kind: string): void {
    if (this.skipped.has(kind)) return;
    this.skipped.add(kind);
    this.ports.log.info(`VS Code's chat: ${kind} has no place on the other side and was left out.`);
  }

  private chatError(error: unknown): LanguageModelError {
    if (error instanceof LanguageModelError) return error;
    const text = chatErrorText(error, l10n.t);
    const said = "VS Code's chat got no whole answer";
    if (error instanceof ChatError) this.ports.log.warn(`${said}: ${error.message}`);
    else this.ports.log.error(`${said}.`, error);
    switch (error instanceof ChatError ? error.status : 0) {
      case 402:
      case 429:
        return LanguageModelError.Blocked(text);
      case 401:
      case 403:
        return LanguageModelError.NoPermissions(text);
      case 404:
        return LanguageModelError.NotFound(text);
      default:
        return new LanguageModelError(text);
    }
  }
}

interface DataPartClass {
  image(data: Uint8Array, mimeType: string): LanguageModelResponsePart;
}

/** The class of images; null if this VS Code is too old to have it, and then no model accepts images. */
function dataPartClass(): DataPartClass | null {
  const found: unknown = Reflect.get(vscode, 'LanguageModelDataPart');
  return isDataPartClass(found) ? found : null;
}

function isDataPartClass(value: unknown): value is DataPartClass {
  return typeof value === 'function' && typeof Reflect.get(value, 'image') === 'function';
}
