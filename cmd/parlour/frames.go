package main

import (
	"github.com/parlour-chat/parlour/signaling"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// joinFrames says which feature carries out which kind of frame.
func (a *app) joinFrames() {
	e, c := a.edge, a.chat
	e.On(protocol.UpAsk, signaling.Command(c.Ask))
	e.On(protocol.UpPost, signaling.Commands(c.Posts))
	e.On(protocol.UpSince, signaling.Query(protocol.DownEntries, c.Since))
	e.On(protocol.UpTyping, signaling.Notice(c.Typing))
	e.On(protocol.UpMark, signaling.Notice(c.Mark))
	e.On(protocol.UpLeave, signaling.Command(c.Leave))
	e.On(protocol.UpLeaveMessage, signaling.Command(c.LeaveMessage))
	e.On(protocol.UpStay, signaling.Command(c.Stay))
	e.On(protocol.UpEnd, signaling.Command(c.End))
	e.On(protocol.UpPark, signaling.Command(c.Park))
	e.On(protocol.UpUnpark, signaling.Command(c.Unpark))
	e.On(protocol.UpClear, signaling.Command(c.Clear))
	e.On(protocol.UpDeclare, signaling.Command(c.Declare))
	e.On(protocol.UpProfile, signaling.Command(c.ChooseProfile))
	e.On(protocol.UpAutoAccept, signaling.Command(c.AutoAccept))
	e.On(protocol.UpUsed, signaling.Notice(c.Used))
	e.On(protocol.UpAccept, signaling.Command(c.Accept))
	e.On(protocol.UpReject, signaling.Command(c.Reject))
	e.On(protocol.UpPick, signaling.Command(c.Pick))
	e.On(protocol.UpNext, signaling.Command(c.Next))
	e.On(protocol.UpTransfer, signaling.Command(c.Transfer))
	e.On(protocol.UpInvite, signaling.Command(c.Invite))
	e.On(protocol.UpEnquire, signaling.Command(c.Enquire))
	e.On(protocol.UpCancel, signaling.Command(c.Cancel))
	e.On(protocol.UpDepart, signaling.Command(c.Depart))
	e.On(protocol.UpCallAsk, signaling.Command(c.CallAsk))
	e.On(protocol.UpCallAnswer, signaling.Command(c.CallAnswer))
	e.On(protocol.UpCallJoin, signaling.Query(protocol.DownCallJoined, c.CallJoin))
	e.On(protocol.UpCallTrickle, signaling.Notice(c.CallTrickle))
	e.On(protocol.UpCallMute, signaling.Command(c.CallMute))
	e.On(protocol.UpCallHangUp, signaling.Command(c.CallHangUp))
	e.On(protocol.UpCobrowseAsk, signaling.Command(c.CobrowseAsk))
	e.On(protocol.UpCobrowseAnswer, signaling.Command(c.CobrowseAnswer))
	e.On(protocol.UpCobrowseStop, signaling.Command(c.CobrowseStop))
	e.On(protocol.UpCobrowseWatch, signaling.Command(a.cobrowse.Watch))
}
