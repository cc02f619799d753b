// Every action by keyboard, with modifiers only: a letter alone would act while somebody types.
import { useCallback, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, ok } from "../api/client";
import { useAction, useParts } from "../hooks";
import { callInFront } from "../live/world";
import { actionsIn, useAct } from "./callActions";

const rows: [string, string][] = [
  ["A", "call.answer"],
  ["D", "call.decline"],
  ["H", "call.hold"],
  ["M", "call.mute"],
  ["T", "call.transfer"],
  ["O", "promise.say"],
  ["C", "call.complete"],
  ["X", "call.cancel_consult"],
  ["P", "call.pause"],
  ["E", "call.end"],
  ["R", "state.ready"],
  ["B", "state.away"],
];

export function useKeys(): { isOpen: boolean; open: () => void; close: () => void } {
  const { stream } = useParts();
  const run = useAction();
  const act = useAct();
  const [isOpen, setOpen] = useState(false);

  const press = useCallback(
    (event: KeyboardEvent) => {
      if (event.isComposing) return;
      if (event.key === "F1") {
        event.preventDefault();
        setOpen((now) => !now);
        return;
      }
      if (!event.altKey || !event.shiftKey || event.ctrlKey || !event.code.startsWith("Key")) return;
      const key = event.code.slice(3);
      const world = stream.current();
      const call = callInFront(world);
      const action = call ? actionsIn(world, call).find((one) => one.key === key) : undefined;
      const state = key === "R" ? "ready" : key === "B" ? "away" : null;
      const button = document.querySelector<HTMLButtonElement>(`button[data-key="${key}"]`);
      if (call && action) act(call, action.verb);
      else if (state && world.session?.operator_id)
        void run(() => ok(api.PUT("/operators/{operator}/state", { params: { path: { operator: "me" } }, body: state === "away" ? { state, reason: "break" } : { state } })));
      else if (button) button.click();
      else return;
      event.preventDefault();
    },
    [stream, run, act],
  );

  useEffect(() => {
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [press]);
  return { isOpen, open: () => setOpen(true), close: () => setOpen(false) };
}

export function KeyList({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isOpen]);
  return (
    <dialog ref={dialog} className="card" aria-labelledby="keys-title" onClose={onClose}>
      <h2 id="keys-title">{t("keys.title")}</h2>
      <dl className="keys">
        {rows.map(([key, label]) => (
          <div key={key}>
            <dt>
              <kbd>Alt</kbd>+<kbd>Shift</kbd>+<kbd>{key}</kbd>
            </dt>
            <dd>{t(label)}</dd>
          </div>
        ))}
      </dl>
      <button type="button" className="primary" onClick={onClose}>
        {t("keys.close")}
      </button>
    </dialog>
  );
}
