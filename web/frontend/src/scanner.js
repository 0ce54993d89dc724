// Reads a code in what the camera sees. Fetched when somebody presses “scan”, for it is large.
import { BarcodeFormat, BrowserMultiFormatReader, DecodeHintType } from "@zxing/library";

const FORMATS = {
  qr_code: BarcodeFormat.QR_CODE,
  ean_13: BarcodeFormat.EAN_13,
  code_128: BarcodeFormat.CODE_128,
};

/** Look until something is read. Resolves, once the camera runs, with what stops it. */
export async function look(video, formats, found) {
  const reader = new BrowserMultiFormatReader(
    new Map([[DecodeHintType.POSSIBLE_FORMATS, formats.map((name) => FORMATS[name]).filter((f) => f !== undefined)]]),
    200,
  );
  let over = false;
  const stop = () => {
    over = true;
    reader.reset();
  };
  const wanted = { audio: false, video: { facingMode: { ideal: "environment" } } };
  await reader.decodeFromConstraints(wanted, video, (result) => {
    if (result && !over) {
      stop();
      found(result.getText());
    }
  });
  return stop;
}
