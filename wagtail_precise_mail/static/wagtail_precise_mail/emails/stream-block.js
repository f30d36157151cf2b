// A stream block whose picker leaves some types out; blocks of these types that are there already are drawn as ever.
class EmailStreamBlockDefinition extends window.wagtailStreamField.blocks.StreamBlockDefinition {
    constructor(name, groupedChildBlockDefs, initialChildStates, meta) {
        super(name, groupedChildBlockDefs, initialChildStates, meta);
        this.groupedChildBlockDefs = groupedChildBlockDefs
            .map(([group, blocks]) => [group, blocks.filter((block) => !meta.hiddenBlocks.includes(block.name))])
            .filter(([, blocks]) => blocks.length);
    }
}

window.telepath.register('wagtail_precise_mail.EmailStreamBlock', EmailStreamBlockDefinition);
