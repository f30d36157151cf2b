// A stream block with types that its picker does not offer; blocks of these types that are there already are drawn.
class EmailStreamBlockDefinition extends window.wagtailStreamField.blocks.StreamBlockDefinition {
    constructor(name, groupedChildBlockDefs, initialChildStates, meta) {
        super(name, [...groupedChildBlockDefs, ['', meta.hiddenBlocks]], initialChildStates, meta);
        this.groupedChildBlockDefs = groupedChildBlockDefs;
    }
}

window.telepath.register('wagtail_precise_mail.EmailStreamBlock', EmailStreamBlockDefinition);
