// <nn-frames>: a figure with a slider, over frames that the page computed.
// Each frame is a <figure>; all but one carry `hidden`, so that without this
// script the page shows that one as a still picture.
class Frames extends HTMLElement {
  connectedCallback() {
    if (this.slider) return;
    this.figures = [...this.querySelectorAll("figure")];
    const captions = this.figures.map(
      (figure) => figure.querySelector("figcaption").textContent);
    const start = this.figures.findIndex((figure) => !figure.hidden);

    this.slider = document.createElement("input");
    Object.assign(this.slider, {
      type: "range", min: 0, max: this.figures.length - 1, value: start,
    });
    const label = document.createElement("label");
    label.append(this.getAttribute("name"), this.slider);
    this.output = document.createElement("output");
    const controls = document.createElement("div");
    controls.append(label, this.output);
    this.append(controls);
    this.classList.add("ready");

    this.slider.addEventListener("input", () => this.show(captions));
    this.show(captions);
  }

  show(captions) {
    const chosen = this.slider.valueAsNumber;
    this.figures.forEach((figure, i) => { figure.hidden = i !== chosen; });
    // The caption reads "name: what is chosen"; the label says the name already.
    const text = captions[chosen].slice(this.getAttribute("name").length + 2);
    this.output.textContent = text;
    this.slider.setAttribute("aria-valuetext", text);
  }
}
// Before the page is parsed an element has no children yet.
addEventListener("DOMContentLoaded",
  () => customElements.define("nn-frames", Frames));
