// Words of the client's card about its telephone numbers.
export const numberJapanese = {
  numbersTitle: "この組織の電話番号",
  numbersHint: "ここで手放した番号だけを、管理者はこの組織から外したり、別の組織に割り当てたりできます。そうされるまでは取り消せます。",
  numbersNone: "この組織に割り当てられた電話番号はありません。",
  numbersMore: "続きを表示",
  numberStays: "この組織の番号",
  numberFree: "手放した番号",
  numberGivenFree: "{who} が {time} に手放しました",
  numberGiveFree: "この番号を手放す",
  numberGiveFreeSure: "{number} を手放しますか。管理者がこの番号を、この組織から外したり、別の組織に割り当てたりできるようになります。",
  numberKeep: "手放すのを取り消す",
};

export const numberEnglish: typeof numberJapanese = {
  numbersTitle: "Telephone numbers of this organisation",
  numbersHint: "Only a number that is given free here may be taken from this organisation, or bound to another, by the administrator. Until that is done you can take it back.",
  numbersNone: "No telephone number is bound to this organisation.",
  numbersMore: "Show more",
  numberStays: "this organisation's",
  numberFree: "given free",
  numberGivenFree: "by {who} at {time}",
  numberGiveFree: "Give this number free",
  numberGiveFreeSure: "Give {number} free? The administrator may then take it from this organisation, or bind it to another.",
  numberKeep: "Take it back",
};
