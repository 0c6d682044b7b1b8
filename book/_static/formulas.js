// A formula wider than the page scrolls sideways. Who has no mouse can scroll
// it too once the Tab key reaches it.
addEventListener("load", async () => {
  await window.MathJax?.startup?.promise;
  const formulas = document.querySelectorAll('mjx-container[display="true"]');
  const update = () => formulas.forEach((formula) => {
    const scrolls = formula.scrollWidth > formula.clientWidth;
    formula.toggleAttribute("tabindex", scrolls);
    if (scrolls) formula.tabIndex = 0;
  });
  update();
  addEventListener("resize", update);
});
