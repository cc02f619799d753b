// The day's balance: every call that arrived, in exactly one column.
import { useTranslation } from "react-i18next";
import type { Schemas } from "../api/client";
import { useWorld } from "../hooks";

type Counts = Schemas["BalanceCounts"];

const columns = ["arrived", "talked", "abandoned", "callback", "out_of_hours", "declined", "cut_off", "in_progress"] as const;

export function BalanceBoard() {
  const { t } = useTranslation();
  const { balance, desks } = useWorld();
  if (!balance) return <p className="muted card">{t("link.connecting")}</p>;
  return (
    <section className="card" aria-labelledby="balance-title">
      <h2 id="balance-title">
        {t("balance.title")} <span className="muted">{balance.day}</span>{" "}
        <span className={`sign ${balance.exact ? "good" : "danger"}`}>{balance.exact ? t("balance.exact") : t("balance.inexact")}</span>
      </h2>
      <div className="headline">
        <p className={balance.total.abandoned > 0 ? "figure danger" : "figure good"}>
          <span>{t("balance.abandoned")}</span>
          <strong>{balance.total.abandoned}</strong>
          <span className="muted">
            {t("balance.settled")} {balance.total.settled} ・ {t("balance.lost")} {balance.total.lost}
          </span>
        </p>
        <p className="figure">
          <span>{t("balance.arrived")}</span>
          <strong>{balance.total.arrived}</strong>
        </p>
        <p className="figure">
          <span>{t("balance.open")}</span>
          <strong>{balance.total.promises.open}</strong>
          <span className="muted">
            {t("balance.kept")} {balance.total.promises.kept_by_ringing + balance.total.promises.kept_by_caller} ・ {t("balance.failed")} {failed(balance.total)}
          </span>
        </p>
      </div>
      <table className="stacks">
        <thead>
          <tr>
            <th scope="col">{t("balance.desk")}</th>
            {columns.map((column) => (
              <th key={column} scope="col" className="number">
                {t(`balance.${column}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {balance.desks.map(({ desk_id, counts }) => (
            <Row key={desk_id} name={desks[desk_id]?.name ?? desk_id} counts={counts} />
          ))}
        </tbody>
        <tfoot>
          <Row name={t("balance.total")} counts={balance.total} />
        </tfoot>
      </table>
      <h3>{t("balance.export")}</h3>
      <p className="buttons">
        <a href="/api/v1/calls.csv?encoding=utf-8" download="calls.csv">
          {t("balance.csv")}
        </a>
        <a href="/api/v1/calls.csv?encoding=cp932" download="calls-cp932.csv">
          {t("balance.csv_cp932")}
        </a>
        <a href="/api/v1/calls.json" download="calls.json">
          {t("balance.json")}
        </a>
      </p>
    </section>
  );
}

function Row({ name, counts }: { name: string; counts: Counts }) {
  const { t } = useTranslation();
  return (
    <tr>
      <th scope="row">{name}</th>
      {columns.map((column) => (
        <td key={column} data-column={t(`balance.${column}`)} className={`number${column === "abandoned" && counts.abandoned > 0 ? " late" : ""}`}>
          {counts[column]}
        </td>
      ))}
    </tr>
  );
}

function failed(counts: Counts): number {
  return Object.values(counts.promises.without_success).reduce((sum, value) => sum + value, 0);
}
